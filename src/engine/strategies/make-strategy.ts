import type { StrategyConfig } from '../../protocol/run-config.js';
import { Evolution } from './evolution.js';
import { RandomStrategy } from './random-strategy.js';
import { RegularisedEvolution } from './regularised-evolution.js';
import type { Strategy, StrategyContext } from './strategy.js';

/** The strategy that a configuration asks for. */
export function makeStrategy(config: StrategyConfig, context: StrategyContext): Strategy {
  switch (config.kind) {
    case 'random':
      return new RandomStrategy(context);
    case 'regularised_evolution':
      return new RegularisedEvolution(context, config);
    case 'evolution':
      return new Evolution(context, config);
  }
}
