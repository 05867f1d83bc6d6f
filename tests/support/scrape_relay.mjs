// Stands between a scraper and /metrics, and remembers what was answered: so a test knows in which format its Prometheus
// got a page, and can make it get the one that no Accept asks for.

import { once } from 'node:events';
import http from 'node:http';

export class ScrapeRelay {
  /** The Content-Type of each answer. */
  contentTypes = [];
  /** The Content-Encoding of each answer. */
  contentEncodings = [];
  #server;

  /** Relays to the metrics port of a gateway; where `dropsAccept`, without the Accept of the requests. */
  static async start(metricsPort, { dropsAccept = false } = {}) {
    const relay = new ScrapeRelay();
    relay.#server = http.createServer((request, response) => {
      const headers = { ...request.headers };
      if (dropsAccept) delete headers.accept;
      const options = { port: metricsPort, host: '127.0.0.1', path: request.url, headers };
      http
        .get(options, (answer) => {
          relay.contentTypes.push(answer.headers['content-type']);
          relay.contentEncodings.push(answer.headers['content-encoding']);
          response.writeHead(answer.statusCode, answer.headers);
          answer.pipe(response);
        })
        .on('error', () => response.destroy());
    });
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port() {
    return this.#server.address().port;
  }

  async stop() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
