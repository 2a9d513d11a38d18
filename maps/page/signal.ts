/** Who wants to know of a change. */
export class Signal<T = void> {
  private readonly listeners: ((value: T) => void)[] = [];

  on(listener: (value: T) => void): void {
    this.listeners.push(listener);
  }

  tell(value: T): void {
    for (const listener of this.listeners) listener(value);
  }
}
