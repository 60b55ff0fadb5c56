import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
const which = process.env['WHICH'] === 'old' ? './tmp-old/' : './';
const { PostgresEventStore } = await import(`${which}postgres/store.ts`);
const { factToAppend } = await import(`${which}testing/facts.ts`);
const base = new URL(process.env['URL'] ?? '');
const admin = new pg.Client({ connectionString: base.href }); await admin.connect();
const db = 'ab_' + which.length; await admin.query(`drop database if exists ${db} with (force)`); await admin.query(`create database ${db}`);
base.pathname = '/' + db;
const store = await PostgresEventStore.open({ url: base.href, now: Date.now });
const writer = store.writer('authorization');
const data = { amount: 12_345, merchant: '898110154110001', text: 'x'.repeat(150) };
const cpuOf = (pid: number) => { const f = readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ')[1]!.split(' '); return (Number(f[11]) + Number(f[12])) * 10; };
await writer.append(`payment-${randomUUID()}`, -1, [factToAppend(data)]);
const pid = (await admin.query(`select pid from pg_stat_activity where datname=$1 and query like '%append_group%'`, [db])).rows[0].pid;
for (const writers of (process.env['W'] ?? '256,1024').split(',').map(Number)) {
  const from = performance.now(); let n = 0; const c0 = process.cpuUsage(); const s0 = cpuOf(pid);
  const work = async () => { while (performance.now() - from < 2500) { await writer.append(`payment-${randomUUID()}`, -1, [factToAppend(data)]); n++; } };
  await Promise.all(Array.from({ length: writers }, work));
  const c = process.cpuUsage(c0); const secs = (performance.now() - from) / 1000;
  console.log(process.env['WHICH'], writers, Math.round(n / secs), 'facts/s; node us/fact', ((c.user + c.system) / n).toFixed(1), 'server', ((cpuOf(pid) - s0) * 1000 / n).toFixed(1));
}
await store.close(); await admin.end();
