const kDepth = 5;
const kPaths = 200;

/** The paths of conditions to what a JSON schema describes: `to[*].address`. The schema may be anything. */
export function schemaPaths(schema: unknown): string[] {
  const paths: string[] = [];
  walk(schema, '', 0, paths);
  return paths;
}

function walk(schema: unknown, path: string, depth: number, paths: string[]): void {
  if (typeof schema !== 'object' || schema === null || depth > kDepth) return;
  const { properties, items } = schema as { properties?: unknown; items?: unknown };
  const isObject = typeof properties === 'object' && properties !== null;
  const isArray = typeof items === 'object' && items !== null;
  if (isObject)
    for (const [name, inner] of Object.entries(properties)) walk(inner, path + step(name, path === ''), depth + 1, paths);
  if (isArray) walk(items, `${path}[*]`, depth + 1, paths);
  if (!isObject && !isArray && path !== '' && paths.length < kPaths) paths.push(path);
}

// As the gateway reads paths: a name with one of their own characters is quoted.
function step(name: string, isFirst: boolean): string {
  if (name === '' || name === '$' || /[.[\]"*]/.test(name)) return `[${JSON.stringify(name)}]`;
  return isFirst ? name : `.${name}`;
}
