// Grafana's own words: panels, rows, variables and a dashboard of them, in the classic JSON model of Grafana 11
// (schemaVersion 39, which 10.4 and all later ones read too). Core panels alone: no plug-in is needed.

const schemaVersion = 39;
const columns = 24;

/** Data sources are variables of the dashboard, so that it works in any Grafana. */
const prometheus = { type: 'prometheus', uid: '${datasource}' };
const sources = { tempo: { type: 'tempo', uid: '${tempo}' }, jaeger: { type: 'jaeger', uid: '${jaeger}' } };

/** A query: `exemplar` asks for exemplars, `instant` for the newest value alone. */
export const query = (expr, legend = '__auto', options = {}) => ({ expr, legend, ...options });

/** Percentiles of a histogram; `by` are further labels. */
export function percentiles(histogram, filter, { by = '', quantiles = [0.5, 0.95, 0.99] } = {}) {
  const labels = by ? `${by}, le` : 'le';
  const legend = by ? ` {{${by}}}` : '';
  return quantiles.map((quantile) =>
    query(
      `histogram_quantile(${quantile}, sum by (${labels}) (rate(${histogram}_bucket{${filter}}[$__rate_interval])))`,
      `p${quantile * 100}${legend}`,
      { exemplar: true },
    ),
  );
}

const target = ({ expr, legend, instant = false, exemplar = false, format }, index) => ({
  refId: String.fromCharCode(65 + index),
  datasource: prometheus,
  editorMode: 'code',
  expr,
  legendFormat: legend,
  range: !instant,
  instant,
  exemplar,
  ...(format && { format }),
});

function panel(type, title, description, { width = 8, height = 8, unit, targets, options, custom, defaults = {}, overrides = [] }) {
  return {
    type,
    title,
    description,
    datasource: prometheus,
    gridPos: { w: width, h: height },
    targets: targets.map(target),
    fieldConfig: { defaults: { ...(unit && { unit }), ...(custom && { custom }), ...defaults }, overrides },
    options,
  };
}

/** Lines over time. `stack` piles them up, `max` ends the axis. */
export function lines(title, description, unit, targets, { stack = false, max, min = 0, ...size } = {}) {
  return panel('timeseries', title, description, {
    ...size,
    unit,
    targets,
    custom: {
      drawStyle: 'line',
      lineWidth: 1,
      fillOpacity: stack ? 30 : 8,
      gradientMode: 'opacity',
      showPoints: 'never',
      spanNulls: false,
      stacking: { mode: stack ? 'normal' : 'none', group: 'A' },
    },
    defaults: { ...(min !== null && { min }), ...(max !== undefined && { max }), color: { mode: 'palette-classic' } },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['mean', 'lastNotNull'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  });
}

/** One figure with its recent past. `steps` are limits from which on it has a colour: [[0.01, 'orange'], ...]. */
export function figure(title, description, unit, expr, { steps = [], decimals, graph = true, width = 3, height = 4 } = {}) {
  return panel('stat', title, description, {
    width,
    height,
    unit,
    targets: [query(expr, title)],
    defaults: {
      ...(decimals !== undefined && { decimals }),
      color: { mode: 'thresholds' },
      thresholds: {
        mode: 'absolute',
        steps: [{ color: 'green', value: null }, ...steps.map(([value, color]) => ({ color, value }))],
      },
    },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: 'value',
      graphMode: graph ? 'area' : 'none',
      justifyMode: 'auto',
      textMode: 'auto',
      orientation: 'auto',
    },
  });
}

/** A histogram as it is: how many fell into each bucket, over time. */
export function heat(title, description, unit, histogram, filter, size = {}) {
  const expr = `sum by (le) (increase(${histogram}_bucket{${filter}}[$__rate_interval]))`;
  return panel('heatmap', title, description, {
    ...size,
    targets: [query(expr, '{{le}}', { exemplar: true, format: 'heatmap' })],
    custom: { scaleDistribution: { type: 'linear' }, hideFrom: { legend: false, tooltip: false, viz: false } },
    options: {
      calculate: false,
      cellGap: 1,
      color: { mode: 'scheme', scheme: 'Oranges', steps: 64, exponent: 0.5, reverse: false, fill: 'dark-orange', scale: 'exponential' },
      exemplars: { color: 'rgba(80,120,255,0.9)' },
      filterValues: { le: 1e-9 },
      legend: { show: true },
      rowsFrame: { layout: 'auto' },
      tooltip: { mode: 'single', showColorScale: false, yHistogram: true },
      yAxis: { axisPlacement: 'left', reverse: false, unit },
    },
  });
}

/** What there was of each, in the whole time that is shown, the most first. */
export function bars(title, description, unit, expr, legend, size = {}) {
  return panel('bargauge', title, description, {
    ...size,
    unit,
    targets: [query(expr, legend, { instant: true })],
    defaults: { min: 0, color: { mode: 'palette-classic' } },
    options: {
      displayMode: 'gradient',
      orientation: 'horizontal',
      showUnfilled: true,
      valueMode: 'color',
      namePlacement: 'auto',
      sizing: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  });
}

/** Columns: [{name, unit, expr}], joined by the labels `by`. */
export function table(title, description, by, cells, size = {}) {
  const refs = cells.map((_, index) => String.fromCharCode(65 + index));
  const made = panel('table', title, description, {
    width: columns,
    ...size,
    targets: cells.map(({ expr }) => query(expr, '', { instant: true, format: 'table' })),
    custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: true },
    options: { showHeader: true, cellHeight: 'sm', ...(cells.length > 1 && { sortBy: [{ displayName: cells[0].name, desc: true }] }) },
    overrides: cells
      .filter(({ unit }) => unit)
      .map(({ name, unit }) => ({ matcher: { id: 'byName', options: name }, properties: [{ id: 'unit', value: unit }] })),
  });
  made.transformations = [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        renameByName: Object.fromEntries(cells.map(({ name }, index) => [cells.length > 1 ? `Value #${refs[index]}` : 'Value', name])),
        indexByName: Object.fromEntries(by.map((label, index) => [label, index])),
      },
    },
  ];
  return made;
}

/** Newest traces of LLM calls; a click on one opens it. `search` is what the data source is asked. */
export function traces(source, title, description, search) {
  return {
    type: 'table',
    title,
    description,
    datasource: sources[source],
    gridPos: { w: columns, h: 10 },
    targets: [{ refId: 'A', datasource: sources[source], ...search }],
    fieldConfig: { defaults: { custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: true } }, overrides: [] },
    options: { showHeader: true, cellHeight: 'sm' },
  };
}

export const row = (title, panels, { collapsed = false } = {}) => ({ title, panels, collapsed });

export const sourceVariable = (name, label, type) => ({
  type: 'datasource',
  name,
  label,
  query: type,
  regex: '',
  multi: false,
  includeAll: false,
  hide: 0,
  refresh: 1,
});

/** A variable that asks Prometheus; `all` lets it have several values, and all of them. */
export const variable = (name, label, asks, { all = true, regex = '', value } = {}) => ({
  type: 'query',
  name,
  label,
  datasource: prometheus,
  definition: asks,
  query: { qryType: 5, query: asks, refId: `Variable-${name}` },
  regex,
  refresh: 2,
  sort: 1,
  hide: 0,
  multi: all,
  includeAll: all,
  ...(all && { allValue: '.*' }),
  current: all ? { selected: true, text: ['All'], value: ['$__all'] } : value ? { selected: true, text: value, value } : {},
  options: [],
});

/** Panels go from left to right, and on below where a line is full. */
function laidOut(rows) {
  const panels = [];
  let id = 0;
  let y = 0;
  const place = (inRow) => {
    let x = 0;
    let lineHeight = 0;
    for (const one of inRow) {
      const { w, h } = one.gridPos;
      if (x + w > columns) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      one.gridPos = { x, y, w, h };
      one.id = id += 1;
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
    return inRow;
  };
  for (const { title, panels: own, collapsed } of rows) {
    const head = { type: 'row', id: (id += 1), title, collapsed, gridPos: { x: 0, y, w: columns, h: 1 }, panels: [] };
    y += 1;
    panels.push(head);
    if (collapsed) head.panels = place(own);
    else panels.push(...place(own));
  }
  return panels;
}

/** The JSON of one dashboard; `rows` are of row(). */
export function dashboard({ uid, title, description, variables, rows }) {
  return {
    uid,
    title,
    description,
    tags: ['archestra'],
    schemaVersion,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timepicker: {},
    fiscalYearStartMonth: 0,
    weekStart: '',
    liveNow: false,
    annotations: { list: [restarts()] },
    links: [
      {
        type: 'dashboards',
        title: 'Archestra',
        tags: ['archestra'],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: '',
        url: '',
      },
    ],
    templating: { list: variables },
    panels: laidOut(rows),
  };
}

const restarts = () => ({
  name: 'Starts of the gateway',
  datasource: prometheus,
  enable: true,
  hide: false,
  iconColor: 'purple',
  expr: 'process_start_time_seconds{job=~"$job", instance=~"$instance"} * 1000',
  step: '60s',
  titleFormat: 'The gateway started',
  textFormat: '{{instance}}',
  useValueForTime: 'on',
});
