// Puts a compressed form beside each built file that shrinks by it; the server picks one.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const folder = new URL('../../src/brookline/console/static', import.meta.url).pathname
const SMALL = 512

for (const name of readdirSync(folder, { recursive: true })) {
  const path = join(folder, name)
  if (!statSync(path).isFile() || !/\.(js|css|html|svg)$/.test(name)) continue
  const body = readFileSync(path)
  if (body.length < SMALL) continue
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 }
  writeFileSync(path + '.br', brotliCompressSync(body, { params: quality }))
  writeFileSync(path + '.gz', gzipSync(body, { level: 9 }))
}
