import { mkdirSync, writeFileSync } from 'node:fs';
import { asyncApiFiles, asyncApiFolder } from './files.ts';

/** `npm run asyncapi`: writes the AsyncAPI document and its schemas from the code. */
const files = asyncApiFiles();
for (const [path, text] of files) {
  const file = new URL(path, asyncApiFolder);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
}
console.log(`${files.size} files written under deploy/asyncapi`);
