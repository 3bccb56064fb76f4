/** A folder may import from the folders listed for it, and from itself: this table is the architecture. */
const MAY_IMPORT = {
  base: [],
  graph: ['base'],
  space: ['base', 'graph'],
  protocol: ['base', 'graph', 'space'],
  drawing: ['base', 'graph', 'space', 'protocol'],
  client: ['base', 'graph', 'space', 'protocol'],
  language: ['base', 'graph', 'space', 'protocol'],
  engine: ['base', 'graph', 'space', 'protocol', 'client'],
  server: ['base', 'graph', 'space', 'protocol', 'language', 'drawing'],
  extension: ['base', 'graph', 'space', 'protocol', 'drawing', 'client'],
  webviews: ['base', 'graph', 'space', 'protocol'],
  cli: ['base', 'graph', 'space', 'protocol', 'drawing', 'client', 'language', 'engine'],
};

const ENGINE_MAY_IMPORT = {
  backend: [],
  supernet: ['backend'],
  morphisms: ['backend'],
  datasets: [],
  archives: [],
  strategies: ['archives'],
  training: ['backend', 'supernet', 'datasets'],
  predictors: ['strategies', 'backend'],
  proxies: ['strategies', 'backend', 'supernet', 'datasets'],
  runs: [],
  search: [
    'backend',
    'strategies',
    'training',
    'supernet',
    'morphisms',
    'datasets',
    'runs',
    'archives',
    'predictors',
    'proxies',
  ],
};

const layerRules = (root, table) =>
  Object.entries(table).map(([folder, allowed]) => ({
    name: `${root}/${folder}-imports-down`,
    severity: 'error',
    comment: `${root}/${folder} may import: ${allowed.join(', ') || 'nothing'} (and itself).`,
    from: { path: `^${root}/${folder}/` },
    to: { path: `^${root}/[^/]+/`, pathNot: [folder, ...allowed].map((name) => `^${root}/${name}/`) },
  }));

const only = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: '^src/', pathNot: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    ...layerRules('src', MAY_IMPORT),
    ...layerRules('src/engine', ENGINE_MAY_IMPORT),
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: '^src/language/generated/' },
      to: { circular: true },
    },
    { name: 'src-not-test', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
    {
      name: 'cli-enters-engine-by-its-door',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/engine/', pathNot: '^src/engine/index\\.ts$' },
    },
    only('vscode-in-extension', '^src/extension/', '^vscode$|node_modules/@types/vscode'),
    only('tensorflow-behind-backend', '^src/engine/backend/', 'node_modules/@tensorflow/'),
    only('langium-in-language', '^src/(language|server)/', 'node_modules/(langium|chevrotain)/'),
    only(
      'files-in-few-places',
      '^src/(client|engine/(runs|datasets|backend|main)|cli|server|extension)',
      '^(node:)?(fs|fs/promises|child_process|net|http|https|worker_threads)$',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
