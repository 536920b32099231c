/** This file holds the two small pages the gateway writes itself. */

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem;color:#1a1a1a}code{background:#f2f2f2;padding:.1em .3em;border-radius:4px}li{margin:.4em 0}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}code{background:#222}a{color:#8ab4ff}}';

/** The page at `/`: where things are. */
export function landingPage(): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Interline</title><style>${STYLE}</style></head><body>
<h1>Interline</h1><p>One API key, one bill and every model. Point any OpenAI client at <code>/v1</code> with your developer key.</p>
<ul><li><a href="/docs">API reference (Scalar)</a></li><li><a href="/redoc">API reference (Redoc)</a></li><li><a href="/v1/openapi.yaml">openapi.yaml</a> · <a href="/v1/openapi.json">openapi.json</a></li><li><a href="/healthz">health</a> · <a href="/readyz">readiness</a> · <a href="/metrics">metrics</a></li></ul>
</body></html>`;
}

const SCALAR_SETTINGS = {
  url: '/v1/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  hideClientButton: true,
  showDeveloperTools: 'never',
  // “Models” are something else here.
  modelsSectionLabel: 'Schemas',
  mcp: { disabled: true },
};

/** The page at `/docs`: Scalar over the contract, with nothing loaded from elsewhere. */
export function scalarPage(): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Interline API</title></head><body>
<div id="app"></div><script src="/docs/scalar.js"></script><script>Scalar.createApiReference('#app', ${JSON.stringify(SCALAR_SETTINGS)})</script>
</body></html>`;
}

const REDOC_SETTINGS = { hideDownloadButton: false, disableSearch: false, theme: { typography: { fontFamily: 'system-ui, sans-serif', headings: { fontFamily: 'system-ui, sans-serif' } } } };

/** The page at `/redoc`: Redoc over the same contract. */
export function redocPage(): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Interline API</title><style>body{margin:0}</style></head><body>
<div id="app"></div><script src="/docs/redoc.js"></script><script>Redoc.init('/v1/openapi.json', ${JSON.stringify(REDOC_SETTINGS)}, document.getElementById('app'))</script>
</body></html>`;
}
