/** What Prometheus is told to scrape the gateway at `metricsUrl`. */
export function scrapeConfig(metricsUrl: string, isSecretSet: boolean): string {
  const { protocol, host, pathname } = new URL(metricsUrl);
  const lines = ['scrape_configs:', '  - job_name: archestra', '    scrape_interval: 15s'];
  if (protocol === 'https:') lines.push('    scheme: https');
  if (pathname !== '/metrics') lines.push(`    metrics_path: ${pathname}`);
  // A file, since this is copied to places where no secret should be.
  if (isSecretSet) lines.push('    authorization:', '      credentials_file: /etc/prometheus/archestra-metrics-secret');
  lines.push('    static_configs:', `      - targets: ['${host}']`);
  return lines.join('\n');
}
