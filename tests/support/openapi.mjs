// What /api/openapi.json says of the platform API, and whether answers are as it says.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../e2e/package.json', import.meta.url));
const Ajv = require('ajv/dist/2020.js').default;

const formats = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
};
const methods = ['get', 'post', 'put', 'delete'];

/** Members that are not described are a mistake of the description as well. */
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isOpen = copy.type === 'object' && copy.properties && !('additionalProperties' in copy) && !('unevaluatedProperties' in copy);
  return isOpen ? { ...copy, additionalProperties: false } : copy;
}

export class OpenApi {
  #document;
  #ajv = new Ajv({ strict: false, allErrors: true, formats });

  constructor(document) {
    this.#document = closed(document);
    this.#ajv.addSchema(this.#document, 'openapi');
  }

  /** [{method, path, isPublic, isStream, operation}]: `path` is that of the document, "/api/agents/{id}". */
  get operations() {
    return Object.entries(this.#document.paths).flatMap(([path, item]) =>
      methods
        .filter((method) => item[method])
        .map((method) => ({
          method: method.toUpperCase(),
          path,
          isPublic: item[method].security?.length === 0,
          isStream: 'text/event-stream' in (item[method].responses['200']?.content ?? {}),
          operation: item[method],
        })),
    );
  }

  /** Asserts that an answer {status, fields, json} of an operation is one that is described. */
  check({ method, path }, { status, fields, json }) {
    const name = `${method} ${path}: ${status}`;
    const pointer = this.#resolve(`#/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}`);
    const response = this.#at(pointer);
    assert.ok(response, `${name} is described`);
    for (const [field, { required }] of Object.entries(response.headers ?? {}))
      if (required) assert.ok(fields.get(field.toLowerCase()) !== undefined, `${name} has ${field}`);
    if (!response.content) return assert.equal(json, undefined, `${name} has no body`);
    assert.equal(fields.get('content-type'), 'application/json', name);
    const schema = `openapi${pointer.replaceAll('{', '%7B').replaceAll('}', '%7D')}/content/application~1json/schema`;
    const validate = this.#ajv.getSchema(schema) ?? assert.fail(`no schema ${schema}`);
    assert.ok(validate(json), `${name}: ${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(json)}`);
  }

  #at(pointer) {
    const steps = pointer.split('/').slice(1);
    return steps.reduce((node, step) => node?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], this.#document);
  }

  #resolve(pointer) {
    const reference = this.#at(pointer)?.$ref;
    return reference ? this.#resolve(reference) : pointer;
  }
}

const escaped = (key) => key.replaceAll('~', '~0').replaceAll('/', '~1');
