import assert from 'node:assert/strict';
import test from 'node:test';
import { scrapeConfig } from './scrape_config.ts';

test('only what differs from the defaults of Prometheus is said', () => {
  assert.equal(
    scrapeConfig('http://gateway:9050/metrics', false),
    `scrape_configs:
  - job_name: archestra
    scrape_interval: 15s
    static_configs:
      - targets: ['gateway:9050']`,
  );
});

test('a secret is read from a file', () => {
  const text = scrapeConfig('https://gateway.example.com:9050/metrics', true);
  assert.match(text, /scheme: https/);
  assert.match(text, /authorization:\n {6}credentials_file: /);
});
