// One planned call on a connection, and what its client sees of it.

import { setTimeout as sleep } from 'node:timers/promises';

import { requestBytes } from '../client.mjs';
import { within } from '../until.mjs';
import { operations } from './operations.mjs';
import { garbage } from './plans.mjs';

/** By what an answer shows that the model calls a tool. */
const toolCallMarks = {
  openai: /"tool_calls":\[|"type":"function_call"/,
  anthropic: /"type":"tool_use"/,
  gemini: /"functionCall"/,
};

/** Makes it, and notes in `view` what a view of Traffic has. Whether the connection can carry another one. */
export async function makeCall(client, view) {
  if (!(await send(client, view))) return false;
  const { manner, details } = view.plan;
  if (manner === 'leaves before the head') {
    await sleep(details.afterMs);
    if (client.bytes.received === 0) return leave(client, view);
  }
  const head = await client.head();
  view.end = head ? undefined : 'none';
  return head ? read(client, head, view) : false;
}

/** Sends what is to be sent. False where that was all. */
async function send(client, view) {
  const { manner, details, body } = view.plan;
  if (manner === 'sends garbage') {
    await client.send(Buffer.from(garbage[details.garbage], 'latin1'));
    client.halfClose();
    await within('the end of a connection', client.bytes.over);
    view.end = 'unsent';
    return false;
  }
  const bytes = bytesOf(view);
  const headBytes = bytes.indexOf('\r\n\r\n') + 4;
  if (manner === 'sends half of its head' || (manner === 'sends half of its body' && !body)) {
    await client.send(bytes.subarray(0, headBytes / 2));
    view.end = 'unsent';
    return false;
  }
  if (manner === 'sends half of its body') {
    await client.send(bytes.subarray(0, headBytes + (bytes.length - headBytes) / 2));
    return leave(client, view);
  }
  await (manner === 'sends its request in pieces' ? sendInPieces(client, bytes) : client.send(bytes));
  return true;
}

async function sendInPieces(client, bytes) {
  for (let at = 0; at < bytes.length; at += 200) {
    if (!(await client.send(bytes.subarray(at, at + 200)))) return;
    await sleep(1);
  }
}

/** Reads the answer whose head is there. */
async function read(client, head, view) {
  const { manner, details, number } = view.plan;
  view.status = head.status;
  view.errorCode = head.fields.get('x-archestra-error');
  const pauseMs = { 'reads slowly': 20 + (number % 180), 'stops reading and leaves': details.afterMs }[manner];
  if (pauseMs !== undefined) {
    client.bytes.pause();
    await sleep(pauseMs);
    client.bytes.resume();
  }
  if (manner === 'stops reading and leaves') return leave(client, view);
  const body = client.body(head);
  if (manner === 'leaves in mid-body' && (await comesFirst(client, details.afterBytes, body))) {
    const left = leave(client, view);
    view.bytes = (await body).body.length;
    return left;
  }
  look(await body, view);
  return view.end === 'whole' && client.bytes.state === 'open' && staysOpen(head, manner);
}

function staysOpen(head, manner) {
  const isLast = ['reads to the end and closes', 'leaves in mid-body', 'speaks HTTP/1.0'].includes(manner);
  return !isLast && !/close/i.test(head.fields.get('connection') ?? '');
}

/** What the answer says. */
function look({ body, end }, view) {
  view.end = end === 'complete' ? 'whole' : 'cut';
  view.bytes = body.length;
  if (view.end !== 'whole' || view.status !== 200) return;
  const text = body.toString('utf8');
  const { provider, usage } = operations[view.plan.operation];
  view.callsTools = toolCallMarks[provider].test(text);
  try {
    view.usage = usage?.(text);
  } catch {
    view.isUnreadable = true; // as the provider's own was, or it shows in the comparison
  }
}

/** Whether so many bytes are here before the body is. */
async function comesFirst({ bytes }, count, body) {
  const wanted = bytes.received + count;
  let isOver = false;
  body.finally(() => (isOver = true)).catch(() => {});
  while (!isOver && bytes.received < wanted) await sleep(1);
  return !isOver;
}

async function leave(client, view) {
  view.end = 'left';
  client[view.plan.details.by]();
  await within('the end of a connection', client.bytes.over);
  return false;
}

function bytesOf({ plan, agentId }) {
  const path = `/v1/${plan.prefix}${agentId ? `/${agentId}` : ''}${plan.path}`;
  const isChunked = plan.manner === 'sends its body in chunks' && plan.body;
  const headers = isChunked ? { ...plan.headers, 'Transfer-Encoding': 'chunked' } : plan.headers;
  const bytes = requestBytes(plan.method, path, headers, isChunked ? inChunks(plan.body) : plan.body);
  return plan.manner === 'speaks HTTP/1.0' ? asOneZero(bytes) : bytes;
}

function asOneZero(bytes) {
  return Buffer.from(bytes.toString('latin1').replace(' HTTP/1.1\r\n', ' HTTP/1.0\r\n'), 'latin1');
}

function inChunks(text) {
  const parts = text.match(/[^]{1,97}/g).map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  return `${parts.join('')}0\r\n\r\n`;
}
