import { SluiceError, type Control } from '@sluice/plugin-api';
import { sendNothing } from '../http/reply.js';
import type { Routes } from '../http/routes.js';
import type { Connections } from '../views/connections.js';

const closed = (): SluiceError => new SluiceError('E_CLASH_API_CLOSED', 'closed by the Clash API');

/** /connections: to look at what is open, and to close it. */
export function addConnectionEndpoints(routes: Routes, control: Control, connections: Connections): void {
  routes
    .add('GET', '/connections', ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
      response.end(connections.snapshot());
    })
    .add('DELETE', '/connections', ({ response }) => {
      // Collected first: ending one takes it out of what is walked through.
      for (const session of [...control.sessions()]) session.end(closed());
      connections.changed();
      sendNothing(response);
    })
    .add('DELETE', '/connections/:name', ({ response, name }) => {
      if (/^\d{1,15}$/.test(name)) control.session(Number(name))?.end(closed());
      connections.changed();
      // One that is over already is as closed as was asked for.
      sendNothing(response);
    });
}
