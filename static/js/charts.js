// Charts, drawn from the table that stands below each of them: picture and numbers cannot differ.
const css = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
const zone = document.documentElement.dataset.zone || 'UTC';
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat('en-GB', { timeZone: zone, day: 'numeric', month: 'short' });
const DAY = 86400;

function short(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1).replace('.0', '')}M`;
  if (value >= 1e4) return `${Math.round(value / 1e3)}k`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(1).replace('.0', '')}k`;
  return Number.isInteger(value) ? String(value) : '';
}

function read(table) {
  const heads = [...table.querySelectorAll('thead th')].slice(1);
  const rows = [...table.querySelectorAll('tbody tr')];
  const moments = rows.map((row) => Date.parse(row.querySelector('time').dateTime) / 1000);
  const values = heads.map((_, place) => rows.map((row) => Number(row.cells[place + 1].textContent.replace(/,/g, ''))));
  return { heads, moments, values };
}

function lineOf(head) {
  const colour = css(`--${head.dataset.tone}`);
  const dash = head.dataset.dash?.split(' ').map(Number);
  return { label: head.textContent, stroke: colour, width: 2, dash, points: { show: false }, fill: head.dataset.fill ? `${colour}14` : undefined };
}

function draw(figure) {
  const { heads, moments, values } = read(figure.querySelector('table'));
  const box = figure.querySelector('.plot');
  if (!moments.length) return;
  box.textContent = '';
  const spanned = moments.at(-1) - moments[0];
  const label = (seconds) => (spanned > 2 * DAY ? calendar : clock).format(new Date(seconds * 1000));
  const axis = { stroke: css('--ink-3'), font: '11px Inter, system-ui, sans-serif', ticks: { show: false }, grid: { stroke: css('--line'), width: 1 } };
  const shown = figure.querySelectorAll('.legend b');
  const tell = (plot) => {
    const place = plot.cursor.idx ?? moments.length - 1;
    shown.forEach((number, line) => { number.textContent = values[line][place].toLocaleString('en'); });
  };
  const plot = new uPlot({
    width: box.clientWidth,
    height: box.clientHeight,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, low, high) => [0, Math.max(4, high * 1.15)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 26, gap: 8, values: (_, ticks) => ticks.map(label) },
      { ...axis, size: 40, gap: 8, space: 44, values: (_, ticks) => ticks.map(short) },
    ],
    series: [{}, ...heads.map(lineOf)],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    hooks: { setCursor: [tell] },
  }, [moments, ...values], box);
  sizes.set(box, plot);
  resized.observe(box);
}

const sizes = new Map();
const resized = new ResizeObserver((changes) => changes.forEach(({ target }) => {
  if (!target.isConnected) {
    sizes.delete(target);
    resized.unobserve(target);
    return;
  }
  const plot = sizes.get(target);
  if (plot && (plot.width !== target.clientWidth || plot.height !== target.clientHeight)) {
    plot.setSize({ width: target.clientWidth, height: target.clientHeight });
  }
}));
const drawAll = (within) => within.querySelectorAll('figure[data-chart]').forEach(draw);

drawAll(document);
document.body.addEventListener('htmx:afterSettle', (event) => drawAll(event.detail.elt));
new MutationObserver(() => drawAll(document)).observe(document.documentElement, { attributes: true, attributeFilter: ['data-bs-theme'] });
