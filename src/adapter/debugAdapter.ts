/**
 * The adapter: a connection to a client with a session behind it. It is a `vscode.DebugAdapter` by its shape, and knows
 * neither node nor VS Code: main.ts couples it to streams, an extension host takes it as it is.
 */
import { dispatcher } from './dispatch.js';
import type { Host } from './host.js';
import { Connection } from './protocol/connection.js';
import { Session } from './session.js';

export class DebugAdapter extends Connection {
  protected readonly dispatch;
  private readonly session: Session;

  constructor(
    host: Host,
    /** Called when the client has disconnected and was answered. */
    private readonly hungUp: () => void = () => undefined,
  ) {
    super();
    this.session = new Session(host, this, () => this.hangUp());
    this.dispatch = dispatcher(this.session);
  }

  override dispose(): void {
    this.session.dispose();
    super.dispose();
  }

  private hangUp(): void {
    this.dispose();
    this.hungUp();
  }
}
