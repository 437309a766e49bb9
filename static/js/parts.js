// Tabs, dialogs, toasts, the palette, and the zone of this browser. Every page works without this file.

// The server writes moments in this zone from the next page on.
if (document.documentElement.dataset.zone === '') {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `partnerbus_zone=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`;
}

// Tabs: one panel is shown; arrows go along the tabs.
function choose(tab) {
  const list = tab.closest('[role=tablist]');
  list.querySelectorAll('[role=tab]').forEach((each) => {
    const chosen = each === tab;
    each.classList.toggle('active', chosen);
    each.setAttribute('aria-selected', String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute('aria-controls')).classList.toggle('active', chosen);
  });
}

document.addEventListener('keydown', (event) => {
  const tab = event.target.closest?.('[role=tab]');
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const tabs = [...tab.closest('[role=tablist]').querySelectorAll('[role=tab]')];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  choose(next);
  next.focus();
});

// A link with data-dialog leads to a page with a form that confirms; here the form comes to the reader.
async function confirmHere(link) {
  const answer = await fetch(link.href, { headers: { Accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const form = answer.ok && page.querySelector('[data-confirm]');
  if (!form) {
    location.assign(link.href);
    return;
  }
  if (!form.hasAttribute('action')) form.action = link.href;
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  dialog.setAttribute('aria-labelledby', 'confirm-title');
  dialog.append(document.adoptNode(form));
  document.body.append(dialog);
  dialog.addEventListener('close', () => { dialog.remove(); link.focus(); });
  dialog.showModal();
}

document.addEventListener('click', (event) => {
  const { target } = event;
  const tab = target.closest('[role=tab]');
  if (tab) choose(tab);
  const link = target.closest('a[data-dialog]');
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    confirmHere(link).catch(() => location.assign(link.href));
  }
  const close = target.closest('dialog [data-close]');
  if (close) {
    event.preventDefault();
    close.closest('dialog').close();
  }
  target.closest('[data-dismiss]')?.closest('[data-toast]').remove();
});

// A toast goes by itself, unless somebody reads it, or it says that something went wrong.
document.querySelectorAll('[data-toast]:not(.bad)').forEach((toast) => {
  const leave = () => { if (!toast.matches(':hover, :focus-within')) toast.remove(); };
  setTimeout(leave, 8000);
  toast.addEventListener('mouseleave', () => setTimeout(leave, 2000));
});

// The palette: Ctrl-K, Cmd-K or / brings the search over any page. Arrows go through what is found.
const palette = document.getElementById('palette');
if (palette) {
  const input = palette.querySelector('input');
  const stops = () => [input, ...palette.querySelectorAll('[data-hit]')];
  const isWriting = ({ target }) => target.matches('input, textarea, select, [contenteditable]');

  document.addEventListener('keydown', (event) => {
    const byLetter = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
    if (palette.open || !(byLetter || (event.key === '/' && !isWriting(event)))) return;
    event.preventDefault();
    palette.showModal();
    input.select();
    if (!palette.querySelector('.results')) htmx.trigger(input, 'look');
  });

  palette.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = stops();
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });

  palette.addEventListener('click', (event) => { if (event.target === palette) palette.close(); });
}
