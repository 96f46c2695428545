export { BodyForwarder } from './codec/body-forwarder.js';
export { bodyDecoder } from './codec/body-decoder.js';
export { Fields } from './codec/fields.js';
export { contentLength, requestFraming, responseFraming, type Framing } from './codec/framing.js';
export { HeadScanner, MAX_HEAD_BYTES } from './codec/head-scanner.js';
export { parseRequest, parseResponse, type RequestHead, type ResponseHead } from './codec/head.js';
export { badRequest, badResponse, HttpError } from './codec/http-error.js';
export { endToEnd } from './codec/hop-by-hop.js';
export { requestTarget, type RequestTarget } from './codec/target.js';
