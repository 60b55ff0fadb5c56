import { spawn } from 'node:child_process';

/**
 * Runs a command and waits for it; its output goes through, or is kept and shown only when it fails.
 * Resolves to {code, seconds, output}.
 */
export function runStep(command, args, { quiet = false, env = {} } = {}) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NX_DAEMON: 'false', ...env },
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, seconds: 0, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, seconds: (Date.now() - started) / 1000, output }));
  });
}

/** The running Node must be the pinned one; npm scripts find it in node_modules. */
export function demandNode24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return;
  console.error(
    `Tillstream needs Node 24 or newer; this is ${process.version}. Run it through npm (npm start, npm test), which uses the pinned one.`,
  );
  process.exit(1);
}
