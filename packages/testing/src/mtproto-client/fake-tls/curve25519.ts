const p = 2n ** 255n - 19n;

/** Whether 32 bytes are the u coordinate of a point on Curve25519 (RFC 7748), as only half of all bytes are. */
export function isOnCurve25519(share: Buffer): boolean {
  if (share.length !== 32) return false;
  const u = BigInt(`0x${Buffer.from(share).reverse().toString('hex')}`);
  if (u === 0n || u >= p) return false;
  // v² = u³ + 486662 u² + u has to be a square: Euler's criterion.
  return power((u * u * u + 486662n * u * u + u) % p, (p - 1n) / 2n) === 1n;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, bits = exponent; bits > 0n; bits >>= 1n, square = (square * square) % p) {
    if (bits & 1n) result = (result * square) % p;
  }
  return result;
}
