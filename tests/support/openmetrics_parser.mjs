// The strict OpenMetrics parser of Prometheus' Python client. Debian's package: `./dev test` fetches it; Python has to be
// there.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const fetched = fileURLToPath(new URL('../../.dev/python/usr/lib/python3/dist-packages', import.meta.url));
const env = { ...process.env, PYTHONPATH: fetched };
const isThere = spawnSync('python3', ['-c', 'import prometheus_client.openmetrics.parser'], { env }).status === 0;

/** False, or why tests that need the parser are skipped. */
export const openMetricsParserMissing = isThere ? false : 'there is no Python with prometheus_client here';

const program = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
sys.stdin.reconfigure(encoding="utf-8", newline="")
families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([
    {"name": f.name, "type": f.type, "unit": f.unit, "help": f.documentation, "samples": len(f.samples),
     "exemplars": [{"name": s.name, "of": s.labels, "labels": s.exemplar.labels, "value": s.exemplar.value,
                    "timestamp": float(s.exemplar.timestamp)} for s in f.samples if s.exemplar]}
    for f in families]))
`;

/**
 * The families of a page: [{name, type, unit, help, samples: their number, exemplars}]; an exemplar is {name, of: labels of
 * its sample, labels, value, timestamp}. Throws where the parser does.
 */
export async function parseOpenMetrics(page) {
  const child = spawn('python3', ['-c', program], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(page);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (status !== 0) throw new Error(`not OpenMetrics: ${stderr}`);
  return JSON.parse(stdout);
}
