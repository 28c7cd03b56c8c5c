// Line charts as SVG, without a library. Colours follow the reader's light or dark scheme; series differ in dash and mark as
// well, and each is named where its line ends.

const WIDTH = 760;
const HEIGHT = 420;
const MARGIN = { top: 62, right: 190, bottom: 54, left: 72 };
const LABEL_HEIGHT = 15;
const COLOURS = [
  ['#1f6fb4', '#6cb0f0'],
  ['#b4521b', '#f0a06c'],
  ['#2f7d4f', '#74c795'],
  ['#7a4fb0', '#bd9cf0'],
  ['#a03a5b', '#ef93b0'],
  ['#5d6770', '#aab4bd'],
];
const DASHES = ['', '7 4', '2 4', '10 4 2 4', '4 2', '1 3'];

const STYLE = `
  svg { font: 13px system-ui, sans-serif; background: var(--back); --back: #ffffff; --ink: #1c2329; --soft: #59636c; --grid: #dfe4e8; ${variables(0)} }
  @media (prefers-color-scheme: dark) {
    svg { --back: #14181c; --ink: #e8edf1; --soft: #a3adb6; --grid: #2d343a; ${variables(1)} }
  }
  text { fill: var(--ink); } .soft { fill: var(--soft); } .title { font-size: 16px; font-weight: 600; }
  .grid { stroke: var(--grid); stroke-width: 1; } .line { fill: none; stroke-width: 2; }`;

function variables(scheme) {
  return COLOURS.map((pair, at) => `--c${at}: ${pair[scheme]};`).join(' ');
}

/**
 * @param chart.title what is shown, and `subtitle` for what it was measured on, behind the label of y
 * @param chart.x chart.y `{label, log, from, to, format}`; from and to where the data's own ends will not do
 * @param chart.series `{name, points: [x, y][]}`; points without a number are left out
 */
export function lineChart({ title, subtitle, x, y, series }) {
  const drawn = series
    .map((one) => ({ ...one, points: one.points.filter((point) => isShown(point[0], x) && isShown(point[1], y)) }))
    .filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  const across = axis(
    x,
    all.map(([value]) => value),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const up = axis(
    y,
    all.map(([, value]) => value),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--back)"/>`,
    text(MARGIN.left, 26, title, 'class="title"'),
    text(MARGIN.left, 46, `${y.label}; ${subtitle}`, 'class="soft"'),
    ...up.ticks.flatMap((value) => [
      `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${up.at(value)}" y2="${up.at(value)}"/>`,
      text(MARGIN.left - 8, up.at(value) + 4, format(value, y), 'class="soft" text-anchor="end"'),
    ]),
    ...across.ticks.map((value) =>
      text(across.at(value), HEIGHT - MARGIN.bottom + 20, format(value, x), 'class="soft" text-anchor="middle"'),
    ),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 12, x.label, 'class="soft" text-anchor="middle"'),
    ...drawn.map(({ points }, place) => line(points, place, across, up)),
    ...labels(drawn, across, up),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function line(points, place, across, up) {
  const path = points.map(([a, b], at) => `${at === 0 ? 'M' : 'L'}${across.at(a)} ${up.at(b)}`).join(' ');
  const dash = DASHES[place % DASHES.length];
  const colour = `var(--c${place % COLOURS.length})`;
  const marks = points.length > 12 ? [] : points.map(([a, b]) => mark(across.at(a), up.at(b), place, colour));
  return `<path class="line" d="${path}" stroke="${colour}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>${marks.join('')}`;
}

function mark(x, y, place, colour) {
  const shapes = [
    `<circle cx="${x}" cy="${y}" r="4"`,
    `<rect x="${x - 4}" y="${y - 4}" width="8" height="8"`,
    `<path d="M${x} ${y - 5} L${x + 5} ${y + 4} L${x - 5} ${y + 4} Z"`,
    `<path d="M${x} ${y - 5} L${x + 5} ${y} L${x} ${y + 5} L${x - 5} ${y} Z"`,
  ];
  return `${shapes[place % shapes.length]} fill="${colour}" stroke="var(--back)" stroke-width="1.5"/>`;
}

/** The name of each series beside its last point, pushed apart where they would overlap. */
function labels(drawn, across, up) {
  const places = drawn
    .map(({ name, points }, place) => {
      const [a, b] = points[points.length - 1];
      return { name, place, x: across.at(a), y: up.at(b) + 4 };
    })
    .sort((one, other) => one.y - other.y);
  places.forEach((label, at) => {
    const above = places[at - 1];
    if (above !== undefined) label.y = Math.max(label.y, above.y + LABEL_HEIGHT);
  });
  const over = Math.max(0, (places.at(-1)?.y ?? 0) - (HEIGHT - MARGIN.bottom + 4));
  return places.map(({ name, place, y }) =>
    text(WIDTH - MARGIN.right + 12, round(y - over), name, `style="fill: var(--c${place % COLOURS.length})"`),
  );
}

function axis({ log = false, from, to, ticks }, values, start, end) {
  const least = from ?? Math.min(...values);
  const most = to ?? Math.max(...values);
  const low = log ? 10 ** Math.floor(Math.log10(least)) : Math.min(least, from ?? 0);
  const high = log ? Math.max(most, low * 10) : most;
  const scale = log ? Math.log10 : (value) => value;
  const at = (value) => round(start + ((scale(value) - scale(low)) / (scale(high) - scale(low) || 1)) * (end - start));
  return { at, ticks: ticks ?? (log ? powers(low, high) : steps(low, high)) };
}

function powers(low, high) {
  const values = [];
  for (let value = low; value <= high * 1.001; value *= 10) values.push(value);
  return values;
}

function steps(low, high) {
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  const values = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1_000; value += step)
    values.push(round(value, 6));
  return values;
}

function isShown(value, { log = false }) {
  return Number.isFinite(value) && (!log || value > 0);
}

function format(value, { format: own }) {
  if (own !== undefined) return own(value);
  return value >= 1_000 && Number.isInteger(value) ? value.toLocaleString('en-US') : String(round(value, 4));
}

function text(x, y, content, attributes = '') {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`;
}

function escape(content) {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function round(value, digits = 1) {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
