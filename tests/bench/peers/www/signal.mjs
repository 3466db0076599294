// signal.mjs HOST PORT MODULES : the pages beside this file, and a WebSocket that passes on what
// one of two says to the other.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const [host, port, modules] = process.argv.slice(2);
const { WebSocketServer } = createRequire(path.join(modules, 'x.js'))('ws');
const folder = import.meta.dirname;
const server = http.createServer((request, response) => {
  const file = path.join(folder, path.basename(request.url.split('?')[0]));
  if (!fs.existsSync(file) || fs.statSync(file).isDirectory()) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'text/html' }).end(fs.readFileSync(file));
});
const both = new Set();
new WebSocketServer({ server }).on('connection', one => {
  both.add(one);
  one.on('message', text => {
    for (const other of both) if (other !== one) other.send(text.toString());
  });
  one.on('close', () => both.delete(one));
});
server.listen(+port, host);
