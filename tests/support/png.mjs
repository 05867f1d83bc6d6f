// Makes pictures of pages smaller: pages have few colours, so 256 of them in a table do, and a byte a pixel.

import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const colorsMax = 256;
const frequent = 192; // colours that are taken because there is much of them; the rest because nothing is near them

/** The same picture with a table of colours. `png` is as browsers write it: eight bits a channel, not interlaced. */
export function withPalette(png) {
  const { width, height, pixels } = decode(png);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const { palette, indices } = paletteOf(counts);
  const rows = Buffer.alloc((width + 1) * height); // each begins with its filter: none
  for (let y = 0, at = 0; y < height; y += 1) {
    const row = y * (width + 1) + 1;
    for (let x = 0; x < width; x += 1, at += 1) rows[row + x] = indices.get(pixels[at]);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8);
  const table = Buffer.from(palette.flatMap((color) => [color >> 16, (color >> 8) & 0xff, color & 0xff]));
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([signature, chunk('IHDR', header), chunk('PLTE', table), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type, data) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(type, 4, 'latin1');
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(data, crc32(head.subarray(4))), 0);
  return Buffer.concat([head, data, end]);
}

const distance = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 0xff) - ((b >> 8) & 0xff)) ** 2 + ((a & 0xff) - (b & 0xff)) ** 2;

/** The colours of the table, and for each colour the index of the nearest of them. */
function paletteOf(counts) {
  const colors = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const palette = [];
  const nearest = colors.map(() => ({ index: 0, off: Infinity }));
  const add = (color) => {
    palette.push(color);
    colors.forEach((other, i) => {
      const off = distance(color, other);
      if (off < nearest[i].off) nearest[i] = { index: palette.length - 1, off };
    });
  };
  colors.slice(0, frequent).forEach(add);
  while (palette.length < Math.min(colorsMax, colors.length)) {
    const lack = nearest.map(({ off }, i) => off * Math.sqrt(counts.get(colors[i])));
    add(colors[lack.indexOf(Math.max(...lack))]);
  }
  return { palette, indices: new Map(colors.map((color, i) => [color, nearest[i].index])) };
}

/** {width, height, pixels}: a number 0xRRGGBB a pixel. */
function decode(png) {
  const parts = [];
  let header;
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = data;
    if (type === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const channels = { 2: 3, 6: 4 }[header[9]];
  const bytes = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i += 1)
    pixels[i] = (bytes[i * channels] << 16) | (bytes[i * channels + 1] << 8) | bytes[i * channels + 2];
  return { width, height, pixels };
}

// PNG (third edition), section 9: each byte is told as its difference from what its neighbours make likely.
function unfiltered(raw, stride, height, channels) {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x >= channels ? out[at - channels] : 0;
      const up = y > 0 ? out[at - stride] : 0;
      const corner = x >= channels && y > 0 ? out[at - stride - channels] : 0;
      const likely = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[at] = raw[y * (stride + 1) + 1 + x] + likely;
    }
  }
  return out;
}

function paeth(left, up, corner) {
  const [byLeft, byUp, byCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
