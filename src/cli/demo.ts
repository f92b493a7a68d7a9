import { Command } from 'commander';
import { demo } from '../demo/demo.ts';

/** `pgscore demo`. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'show the whole way on real data, in a database of its own: deploy, attach, insert, predict, update',
    )
    .action(demo);
}
