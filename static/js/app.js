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
  announce('Copied');
  setTimeout(() => button.classList.remove('done'), 1500);
});

// The words of dashboard/web/templatetags/partnerbus.py, against the server's clock.
const skew = Date.parse(document.documentElement.dataset.now) - Date.now();
const now = () => Date.now() + skew;
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
  const words = seconds > 0 ? `in ${ahead(seconds)}` : seconds < 0 ? `${past(-seconds)} ago` : 'now';
  if (time.textContent !== words) time.textContent = words;
}

const tellAll = () => document.querySelectorAll('time[data-relative]').forEach(tell);
setInterval(() => { if (!document.hidden) tellAll(); }, 1000);

// Live region: silent while hidden, never swapped under a selection, honest about its age.
const region = () => document.querySelector('[hx-trigger]');
const title = () => document.querySelector('h1').textContent;
let announced = title();

document.body.addEventListener('htmx:beforeRequest', (event) => { if (document.hidden) event.preventDefault(); });
document.body.addEventListener('htmx:beforeSwap', (event) => {
  const selection = getSelection();
  const holds = !selection.isCollapsed && event.detail.target.contains(selection.anchorNode);
  if (holds) event.detail.shouldSwap = false;
});
document.body.addEventListener('htmx:afterRequest', (event) => {
  const { status } = event.detail.xhr;
  const time = document.querySelector('[data-refreshed]');
  if (time && (status === 200 || status === 304)) {
    time.dateTime = new Date(now()).toISOString();
    tell(time);
  }
});
document.body.addEventListener('htmx:afterSettle', () => {
  tellAll();
  if (title() !== announced) announce(announced = title());
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) region()?.dispatchEvent(new Event('refresh'));
});
