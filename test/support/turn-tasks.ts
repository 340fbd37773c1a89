/** The end of a completion port's turn, when the test says so. */
export class TurnTasks {
  readonly #tasks: (() => void)[] = [];

  readonly atTurnEnd = (task: () => void): void => {
    this.#tasks.push(task);
  };

  /** Runs the tasks, and those they add, until none is left; returns how many there were. */
  endTurn(): number {
    let count = 0;
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      count += 1;
      task();
    }
    return count;
  }
}
