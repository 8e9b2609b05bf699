// Serves the page with which a browser calls, on loopback, together with the API maker's own web SDK.
//
//   node serve.js <node_modules>                          at port 7880, for a person
//   node serve.js <node_modules> <browser> <folder> [option...]
//
// The second form is for tests: at any port, in a browser without a window, whose profile is in the folder. Commands for `drive.js` in the page
// come as JSON lines on stdin, and what the page tells goes, as JSON lines, to stdout; the browser's own log to stderr.
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
const http = require('http');
const path = require('path');
const readline = require('readline');

const [modules, browser, folder, ...options] = process.argv.slice(2);
const PORT = 7880;
const SDK = path.join(modules, 'agora-signaling-sdk', 'AgoraSigSDK.min.js');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8' };
const PAGES = ['call.html', 'call.js', 'voice.js', 'drive.js', 'recorder.js'];
// The SDK posts statistics, with account and token, to its maker's host: only sockets are let out.
const POLICY = "default-src 'self'; connect-src 'self' ws: wss:; style-src 'unsafe-inline'; img-src data:; media-src blob: mediastream:";

// Commands that were given before the page was there, and the page.
let waiting = [];
let page;
// Where it is to be written what the page hears, by the number of the command.
const files = new Map();

function print(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

function file(name) {
  if (name === 'AgoraSigSDK.min.js') return fs.readFileSync(SDK);
  if (!PAGES.includes(name)) return undefined;
  const bytes = fs.readFileSync(path.join(__dirname, name));
  // Before the page's own script.
  const driven = '<script type="module" src="drive.js"></script>\n<script type="module" src="call.js">';
  return browser && name === 'call.html' ? bytes.toString().replace('<script type="module" src="call.js">', driven) : bytes;
}

function body(request, done) {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => done(Buffer.concat(parts)));
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const end = (status) => response.writeHead(status).end();
  if (request.method === 'GET' && url.pathname === '/commands' && browser) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    page = response;
    for (const line of waiting) page.write(`data: ${line}\n\n`);
    waiting = [];
  } else if (request.method === 'POST' && url.pathname === '/tell' && browser) {
    body(request, (text) => {
      print(JSON.parse(text));
      end(204);
    });
  } else if (request.method === 'POST' && url.pathname === '/heard' && files.has(url.searchParams.get('id'))) {
    body(request, (bytes) => {
      fs.writeFileSync(files.get(url.searchParams.get('id')), bytes);
      end(204);
    });
  } else {
    const name = url.pathname === '/' ? 'call.html' : url.pathname.slice(1);
    const bytes = request.method === 'GET' ? file(name) : undefined;
    if (bytes === undefined) return end(404);
    response.writeHead(200, { 'content-type': TYPES[path.extname(name)], 'content-security-policy': POLICY });
    response.end(bytes);
  }
});

server.listen(browser ? 0 : PORT, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}/`;
  if (browser) drive(url);
  else console.log(`open ${url}`);
});

function drive(url) {
  const flags = [
    // Its end closes these pipes, and ours ends it.
    '--remote-debugging-pipe',
    '--headless',
    `--user-data-dir=${folder}`,
    // A page must be able to play sound that nobody clicked for, at a computer without a sound card.
    '--autoplay-policy=no-user-gesture-required',
    '--disable-audio-output',
    '--disable-background-networking',
    '--disable-gpu',
    '--no-first-run',
    // Whatever is looked for elsewhere is not there.
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  ];
  // It refuses to fence itself in where it is root, as in containers.
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  const child = spawn(browser, [...flags, ...options, url], { stdio: ['ignore', 2, 2, 'pipe', 'pipe'] });
  child.on('error', (error) => print({ event: 'uncaught', of: 'page', args: [String(error)] }));
  child.on('exit', (code) => process.exit(code ?? 1));
  readline
    .createInterface({ input: process.stdin })
    .on('line', (line) => {
      const command = JSON.parse(line);
      if (command.file) files.set(String(command.id), command.file);
      if (page) page.write(`data: ${line}\n\n`);
      else waiting.push(line);
    })
    .on('close', () => child.kill());
}
