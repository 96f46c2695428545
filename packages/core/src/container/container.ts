import 'reflect-metadata';
import { container as shared, instanceCachingFactory, type DependencyContainer } from 'tsyringe';
import { SluiceError, type Injector, type Token } from '@sluice/plugin-api';

/**
 * An instance's services by token, on a tsyringe container of its own. A handler gets a child
 * with what is its alone: tag, settings, logger.
 */
export class Container implements Injector {
  readonly #inner: DependencyContainer;

  private constructor(inner: DependencyContainer) {
    this.#inner = inner;
  }

  /** A root of its own: nothing is ever registered on tsyringe's shared container. */
  static root(): Container {
    return new Container(shared.createChildContainer());
  }

  child(): Container {
    return new Container(this.#inner.createChildContainer());
  }

  value<T>(token: Token<T>, value: T): this {
    // By a factory: tsyringe takes an undefined or class value for something else.
    this.#inner.register(token.id, { useFactory: () => value });
    return this;
  }

  /** Made when first asked for, then kept. */
  singleton<T>(token: Token<T>, make: (injector: Injector) => T): this {
    this.#inner.register(token.id, { useFactory: instanceCachingFactory(() => make(this)) });
    return this;
  }

  get<T>(token: Token<T>): T {
    if (!this.#inner.isRegistered(token.id, true)) {
      throw new SluiceError('E_REGISTRY_UNKNOWN', `nothing provides the service "${token.name}" here`);
    }
    return this.#inner.resolve<T>(token.id);
  }

  /** Forgets everything registered here. */
  clear(): void {
    this.#inner.reset();
  }
}
