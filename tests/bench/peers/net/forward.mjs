// forward.mjs PORT HOST : a loopback port that leads to the same port of HOST.
import net from 'node:net';

const [port, host] = process.argv.slice(2);
net.createServer(near => {
  const far = net.connect({ host, port: +port, noDelay: true });
  near.setNoDelay(true).pipe(far).pipe(near);
  const end = () => { near.destroy(); far.destroy(); };
  near.on('error', end).on('close', end);
  far.on('error', end).on('close', end);
}).listen(+port, '127.0.0.1');
