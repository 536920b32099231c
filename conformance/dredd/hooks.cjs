/**
 * This file makes Dredd's requests provoke the status they are named for, and checks the replies against the contract:
 * Dredd itself only compares a reply's shape with the example, so its own body check is taken away and Ajv does the real one.
 */
const fs = require('node:fs');
const path = require('node:path');
const hooks = require('hooks');
const Ajv2020 = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

const contract = JSON.parse(fs.readFileSync(path.join(__dirname, '../../generated/openapi.json'), 'utf8'));
const contractYaml = fs.readFileSync(path.join(__dirname, '../../generated/openapi.yaml'), 'utf8');
const key = process.env.INTERLINE_KEY;
const baseUrl = process.env.INTERLINE_BASE_URL;

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(contract, 'contract');

/** Keys made once, for the statuses that need a key which may do less. */
const keys = {};

/** What only a broken disk, a bug, a stop, a slow socket or a spent balance provokes; conformance/contract.test.ts does those. */
const NOT_BY_DREDD = new Set(['402', '408', '422', '500', '503']);
/** What depends on who is there, on what they have and on what they did before: contract.test.ts makes it first. */
const BY_THINGS_MADE_BEFORE = new Set(['200', '201', '206', '304', '404', '409', '416', '429', '502', '504']);
/** Headers whose examples name things that are not on this server. */
const NAMED_IN_EXAMPLES = ['idempotency-key', 'x-writingmate-workspace', 'stripe-signature', 'x-interline-route', 'x-interline-target'];
const OVER_A_MEGABYTE = 'x'.repeat(1_100_000);
const UNKNOWN_KEY = 'key_AAAAAAAAAAAAAAAA';

hooks.beforeAll(async (transactions, done) => {
  keys.inferenceOnly = await createKey({ name: 'dredd inference', scopes: ['inference'] });
  keys.managementOnly = await createKey({ name: 'dredd management', scopes: ['management'] });
  done();
});

hooks.beforeEach(async (transaction, done) => {
  const status = String(transaction.expected.statusCode);
  const operation = operationOf(transaction);
  if (NOT_BY_DREDD.has(status) || (BY_THINGS_MADE_BEFORE.has(status) && needsThings(transaction, status))) {
    transaction.skip = true;
    done();
    return;
  }
  for (const name of NAMED_IN_EXAMPLES) delete transaction.request.headers[name];
  transaction.request.headers.Authorization = `Bearer ${key}`;
  await prepare(transaction, operation, status);
  done();
});

hooks.beforeEachValidation((transaction, done) => {
  const faults = check(transaction);
  // Gavel compares media types letter by letter and bodies with the example: both are checked above, properly.
  delete transaction.expected.body;
  delete transaction.expected.bodySchema;
  transaction.expected.headers = {};
  if (faults.length > 0) transaction.fail = faults.join('; ');
  done();
});

function operationOf(transaction) {
  const template = transaction.origin.resourceName;
  const method = transaction.request.method.toLowerCase();
  return contract.paths[template][method];
}

/** True where an example alone is not enough: it is about a workspace, a member or an entry that somebody has to make first. */
function needsThings(transaction, status) {
  const template = transaction.origin.resourceName;
  const method = transaction.request.method;
  // A file has to be made first; Dredd makes no forms.
  if (template.startsWith('/audio/') || template === '/images/edits') return true;
  if (template.startsWith('/chat/') || template.startsWith('/models') || template === '/usage' || template.startsWith('/openapi')) return status === '409';
  if (template.startsWith('/keys')) return template === '/keys' && status === '404';
  if (method !== 'GET' || status !== '200') return true;
  return template.includes('{') && !['/admin/plans/{plan}', '/admin/models/{model}', '/admin/providers/{provider}', '/routes/{route}', '/reports/{report}'].includes(template);
}

/** Turns the example request into one that is answered with this status. */
async function prepare(transaction, operation, status) {
  const { request } = transaction;
  transaction.operation = operation;
  transaction.template = transaction.origin.resourceName;
  if (transaction.template === '/keys/{key}') await aimAtKey(transaction, status);
  if (status === '200' && transaction.template === '/keys') move(transaction, '/keys?limit=20');
  if (status === '200' && transaction.template === '/usage') move(transaction, '/usage?limit=20');
  if (status === '200' && transaction.template === '/requests') move(transaction, '/requests?limit=20');
  if (status === '200' && transaction.template === '/requests/export') move(transaction, `/requests/export?format=${transaction.name.endsWith('jsonl') ? 'jsonl' : 'csv'}`);
  if (status === '200' && transaction.template === '/reports/{report}') move(transaction, `/reports/overview?format=${reportFormats.find((format) => transaction.name.endsWith(format)) ?? 'json'}`);
  const persona = personas[status];
  if (persona) persona(transaction, request);
}

const reportFormats = ['html', 'markdown'];

const personas = {
  200: (transaction, request) => {
    if (!transaction.name.endsWith('text/event-stream')) return;
    request.body = JSON.stringify({ ...JSON.parse(request.body), stream: true, stream_options: { include_usage: true } });
  },
  400: (transaction, request) => {
    if (request.body) request.body = '{"model": 1, "name": []}';
    else if (transaction.template.startsWith('/native/')) move(transaction, '/native/sandbox/models?key=1');
    else move(transaction, `${transaction.fullPath.split('?')[0].replace(/^.*\/v1/, '')}?no_such_parameter=1`);
  },
  401: (_transaction, request) => { delete request.headers.Authorization; },
  403: (transaction, request) => {
    const takesInference = transaction.operation['x-scope'] === 'inference';
    request.headers.Authorization = `Bearer ${takesInference ? keys.managementOnly.secret : keys.inferenceOnly.secret}`;
  },
  404: (transaction, request) => {
    if (transaction.template === '/models/{model}') move(transaction, '/models/nobody%2Fnothing');
    if (transaction.template === '/chat/completions') request.body = JSON.stringify({ ...JSON.parse(request.body), model: 'nobody/nothing' });
  },
  405: (transaction, request) => {
    request.method = contract.paths[transaction.template].put ? 'POST' : 'PUT';
    delete request.body;
  },
  413: (transaction, request) => {
    // A form is no JSON to be made larger.
    if (!isJson(request.body)) {
      request.body = OVER_A_MEGABYTE.repeat(32);
      return;
    }
    // A chat may carry pictures: its limit is 32 MB.
    const times = transaction.operation['x-max-body'] === 'media' ? 32 : 1;
    request.body = JSON.stringify({ ...JSON.parse(request.body), metadata: { big: OVER_A_MEGABYTE.repeat(times) } });
  },
  415: (_transaction, request) => { request.headers['Content-Type'] = 'text/plain'; },
  429: fail(429),
  431: (_transaction, request) => { request.headers['X-Large'] = 'x'.repeat(20_000); },
  502: fail(500),
  504: fail(504),
};

function isJson(body) {
  return body.trimStart().startsWith('{');
}

function fail(status) {
  return (_transaction, request) => {
    request.body = JSON.stringify({ ...JSON.parse(request.body), sandbox: { fail_status: status, retry_after: 1 } });
  };
}

/** A key of its own for what changes keys; our own for 409; nobody's for 404. */
async function aimAtKey(transaction, status) {
  const { secret, ...made } = status === '200' ? await createKey({ name: 'dredd target' }) : {};
  const id = status === '200' ? made.id : status === '409' ? `key_${key.split('.')[1]}` : UNKNOWN_KEY;
  move(transaction, `/keys/${id}`);
  if (status === '409' && transaction.request.method === 'PATCH') transaction.request.body = '{"revoked": true}';
}

function move(transaction, to) {
  const prefix = new URL(baseUrl).pathname.replace(/\/$/, '');
  transaction.request.uri = prefix + to;
  transaction.fullPath = prefix + to;
}

/** All that is wrong with a reply, by the contract. */
function check(transaction) {
  const { real, expected } = transaction;
  const faults = [];
  if (String(real.statusCode) !== String(expected.statusCode)) return [`status ${real.statusCode}: ${String(real.body).slice(0, 300)}`];
  const { response, pointer } = responseOf(transaction);
  faults.push(...checkHeaders(real, response));
  const media = String(real.headers['content-type'] ?? '').split(';')[0].trim();
  const wanted = /> ([a-z]+\/[a-z-]+)$/.exec(transaction.name)?.[1];
  if (wanted && media !== wanted) faults.push(`content-type ${media}, not ${wanted}`);
  if (!response.content?.[media]) return [...faults, `content-type ${media} is not declared`];
  const validate = ajv.compile({ $ref: `contract${pointer}/content/${media.replaceAll('/', '~1')}/schema` });
  faults.push(...checkBody(media, real.body, validate));
  const requestId = real.headers['x-request-id'];
  if (media === 'application/json' && Number(real.statusCode) >= 400 && JSON.parse(real.body).error.request_id !== requestId) faults.push('request_id is not x-request-id');
  return faults;
}

function responseOf(transaction) {
  const status = String(transaction.expected.statusCode);
  const response = transaction.operation.responses[status];
  if (response.$ref) return { response: contract.components.responses[response.$ref.split('/').pop()], pointer: response.$ref };
  const template = transaction.template.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');
  const method = Object.keys(contract.paths[transaction.template]).find((name) => contract.paths[transaction.template][name] === transaction.operation);
  return { response, pointer: `#/paths/${template}/${method}/responses/${status}` };
}

function checkHeaders(real, response) {
  return Object.entries(response.headers ?? {}).flatMap(([name, reference]) => {
    const header = reference.$ref ? contract.components.headers[reference.$ref.split('/').pop()] : reference;
    const value = real.headers[name.toLowerCase()];
    if (value === undefined) return header.required ? [`header ${name} is missing`] : [];
    const schema = header.schema.$ref ? contract.components.schemas[header.schema.$ref.split('/').pop()] : header.schema;
    const given = schema.type === 'integer' ? Number(value) : value;
    return ajv.validate(schema, given) ? [] : [`header ${name}: ${ajv.errorsText()}`];
  });
}

function checkBody(media, body, validate) {
  const complain = (value, what) => (validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors)}`]);
  if (media === 'application/json') return complain(JSON.parse(body), 'body');
  if (['text/csv', 'application/jsonl', 'text/html', 'text/markdown'].includes(media)) return complain(body, 'body');
  if (media === 'application/yaml') return body === contractYaml ? [] : ['the document is not generated/openapi.yaml'];
  const events = body.split('\n\n').filter((event) => event !== '' && !event.startsWith(':')).map((event) => event.replace(/^data: /, ''));
  if (events.pop() !== '[DONE]') return ['the stream does not end in [DONE]'];
  if (events.length < 3) return [`the stream has ${events.length} events`];
  return events.flatMap((event, index) => complain(JSON.parse(event), `event ${index}`));
}

async function createKey(body) {
  const response = await fetch(`${baseUrl}/keys`, {
    method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(`no key was made: ${await response.text()}`);
  return response.json();
}
