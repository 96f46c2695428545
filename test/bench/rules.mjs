/**
 * Field rules of every kind, by inbound, user, port, domain and block, in turns: none of which a connection of the
 * bench meets.
 * @param {number} count
 * @param {string} outboundTag
 */
export function manyRules(count, outboundTag) {
  return Array.from({ length: count }, (_, i) => ({ type: 'field', outboundTag, ...fieldsOf(i) }));
}

/** @param {number} i */
function fieldsOf(i) {
  switch (i % 5) {
    case 0:
      return { inboundTag: [`inbound-${i}`], network: 'tcp' };
    case 1:
      return { user: [`user-${i}@example.org`] };
    case 2:
      return { port: 10_000 + i, inboundTag: ['in'] };
    case 3:
      return { domain: [`domain:site-${i}.example`, `keyword:word-${i}`], inboundTag: ['in'] };
    default:
      return { ip: [`11.${i >> 8}.${i & 255}.0/24`], user: ['somebody@example.org'] };
  }
}
