// Copy buttons, relative times, and manners for the live region. Every page works without this file.
const announce = (text) => { document.getElementById('live').textContent = text; };

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const from = button.dataset.copy;
  const text = from.startsWith('#') ? document.querySelector(from).textContent : from;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    announce('Could not copy. Select the text and copy it by hand.');
    return;
  }
  button.classList.add('done');
  announce(document.documentElement.dataset.copied);
  setTimeout(() => document.getElementById(button.id)?.classList.remove('done'), 1500);
});

// The words of dashboard/web/templatetags/partnerbus.py, against the server's clock.
const skew = Date.parse(document.documentElement.dataset.now) - Date.now();
const now = () => Date.now() + skew;
const zone = document.documentElement.dataset.zone || 'UTC';
const zoneName = document.documentElement.dataset.zoneName || 'UTC';
// Sweden writes moments as we do: 2026-11-23 14:05:00.
const written = (moment, timeZone) => moment.toLocaleString('sv-SE', { timeZone });
const MINUTE = 60, HOUR = 3600, DAY = 86400;

function past(s) {
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) return `${Math.floor(s / HOUR)} h`;
  return `${Math.floor(s / DAY)} d`;
}

function ahead(s) {
  if (s < HOUR) return past(s);
  if (s < DAY) return `${Math.floor(s / HOUR)} h ${Math.floor((s % HOUR) / MINUTE)} min`;
  return `${Math.floor(s / DAY)} d ${Math.floor((s % DAY) / HOUR)} h`;
}

function tell(time) {
  const seconds = Math.round((Date.parse(time.dateTime) - now()) / 1000);
  const said = document.documentElement.dataset;
  const words = seconds > 0 ? said.ahead.replace('{}', ahead(seconds)) : seconds < 0 ? said.past.replace('{}', past(-seconds)) : said.present;
  const shown = time.querySelector('.moving');
  if (shown.textContent !== words) shown.textContent = words;
}

const tellAll = () => document.querySelectorAll('time[data-relative]').forEach(tell);
setInterval(() => { if (!document.hidden) tellAll(); }, 1000);

// "As of 16:31:20 UTC" is true without this script, and on paper; here it becomes "Refreshed 3 s ago".
function countUp() {
  document.querySelectorAll('.as-of').forEach((asOf) => {
    asOf.classList.add('still');
    asOf.nextElementSibling.hidden = false;
  });
}
countUp();

// Live region: silent while hidden, never swapped under a selection, honest about its age.
const title = () => document.querySelector('h1')?.textContent ?? '';
let announced = title();

// What somebody has opened, scrolled or just copied survives a swap of the region around it.
let kept = { open: [], done: [], scrolled: [] };
const idsOf = (target, which) => [...target.querySelectorAll(which)].map(({ id }) => id).filter(Boolean);
function keep(target = document) {
  kept = {
    open: idsOf(target, 'details[open]'),
    done: idsOf(target, '.done'),
    scrolled: [...target.querySelectorAll('pre[id]')].map(({ id, scrollLeft }) => [id, scrollLeft]),
  };
}
function giveBack() {
  kept.open.forEach((id) => document.getElementById(id)?.setAttribute('open', ''));
  kept.done.forEach((id) => document.getElementById(id)?.classList.add('done'));
  kept.scrolled.forEach(([id, left]) => document.getElementById(id)?.scrollTo({ left }));
}

document.body.addEventListener('htmx:beforeRequest', (event) => { if (document.hidden) event.preventDefault(); });
document.body.addEventListener('htmx:beforeSwap', (event) => {
  const selection = getSelection();
  const holds = !selection.isCollapsed && event.detail.target.contains(selection.anchorNode);
  if (holds) event.detail.shouldSwap = false;
  else keep();
});
document.body.addEventListener('htmx:afterRequest', (event) => {
  const { status } = event.detail.xhr;
  const time = document.querySelector('[data-refreshed]');
  if (time && event.detail.target.id === 'status' && (status === 200 || status === 304)) {
    const moment = new Date(now());
    time.dateTime = moment.toISOString();
    document.querySelector('.as-of').textContent = `As of ${written(moment, zone).slice(11)} ${zoneName}`;
    tell(time);
  }
});
// A form that stores itself says when it could not; what was typed stays under the hands.
function unstored({ detail }, why) {
  const said = detail.elt.matches('form') && detail.elt.querySelector('[role="status"]');
  if (said) said.textContent = `Not stored. ${why} `;
}
document.body.addEventListener('htmx:sendError', (event) => unstored(event, 'The server cannot be reached: save it again when it can.'));
document.body.addEventListener('htmx:responseError', (event) => {
  const { xhr } = event.detail;
  const told = (xhr.getResponseHeader('Content-Type') ?? '').startsWith('text/plain');
  unstored(event, told ? xhr.responseText : 'The server did not take it: press Save to see why.');
});
// Sent with a 304: AWS was asked again and said the same.
document.body.addEventListener('asked', ({ detail }) => {
  document.querySelectorAll('[data-asked]').forEach((time, place) => {
    const moment = new Date(detail.value[place] * 1000);
    time.dateTime = moment.toISOString();
    time.title = `${written(moment, 'UTC')} UTC`;
    time.querySelector('.still').textContent = `${written(moment, zone)} ${zoneName}`;
    tell(time);
  });
});
document.body.addEventListener('htmx:afterSwap', () => {
  countUp();
  tellAll();
  giveBack();
});
document.body.addEventListener('htmx:afterSettle', () => {
  giveBack(); // settling puts the server's attributes back on what has an id
  if (title() !== announced) announce(announced = title());
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) document.querySelectorAll('[hx-trigger]').forEach((region) => region.dispatchEvent(new Event('refresh')));
});
