/**
 * Synchronous SHA-256 (FIPS 180-4) of a text.
 *
 * `crypto.subtle`, which Effect's `Digest` uses as well, is in every runtime, but it returns a promise, which
 * `TestClock` does not control. The first request of an application's test would then be sent at an unpredictable time:
 * now, or after the next adjustment.
 */

const isPrime = (n: number) => {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false
  return true
}

const primes = Array.from({ length: 310 }, (_, index) => index + 2).filter(isPrime)

// The first 32 bits of the fraction.
const fraction = (root: number) => Math.floor((root - Math.floor(root)) * 2 ** 32)

const initial = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
const constants = primes.map((prime) => fraction(Math.cbrt(prime)))

const rotate = (word: number, bits: number) => (word >>> bits) | (word << (32 - bits))

// The text, a one bit, zeros, and the length in bits: a multiple of 64 bytes.
const padded = (text: string) => {
  const bytes = new TextEncoder().encode(text)
  const view = new DataView(new ArrayBuffer((Math.floor((bytes.length + 8) / 64) + 1) * 64))
  bytes.forEach((byte, index) => view.setUint8(index, byte))
  view.setUint8(bytes.length, 0x80)
  view.setBigUint64(view.byteLength - 8, BigInt(bytes.length) * 8n)
  return view
}

const schedule = (view: DataView, offset: number) => {
  const words = Array.from({ length: 16 }, (_, index) => view.getUint32(offset + 4 * index))
  const word = (index: number) => words[index] ?? 0
  for (let index = 16; index < 64; index++) {
    const [early, late] = [word(index - 15), word(index - 2)]
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    words.push((word(index - 16) + s0 + word(index - 7) + s1) | 0)
  }
  return words
}

const compress = (state: ReadonlyArray<number>, words: ReadonlyArray<number>) => {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  words.forEach((word, index) => {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (constants[index] ?? 0) + word) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0]
  })
  return [a, b, c, d, e, f, g, h].map((word, index) => ((state[index] ?? 0) + word) | 0)
}

/** The hash, in 64 hexadecimal digits. */
export const hex = (text: string): string => {
  const view = padded(text)
  let state: ReadonlyArray<number> = initial
  for (let offset = 0; offset < view.byteLength; offset += 64) state = compress(state, schedule(view, offset))
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
}
