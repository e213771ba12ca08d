import { Argument, Command } from 'commander'
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from '../cli/completion-scripts.ts'
import { completionWords } from '../cli/completion-words.ts'

/**
 * `goldpro completion`
 * @param loadAll the program with every command: a script knows them all
 */
export function completionCommand(loadAll: () => Promise<Command>): Command {
  return new Command('completion')
    .description('print the script that completes commands, options and their values in a shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Example:
  $ eval "$(goldpro completion bash)"      # in ~/.bashrc
  $ eval "$(goldpro completion zsh)"       # in ~/.zshrc, after compinit
  $ goldpro completion fish > ~/.config/fish/completions/goldpro.fish`,
    )
    .action(async (shell: Shell) => {
      process.stdout.write(COMPLETION_SCRIPTS[shell](completionWords(await loadAll())))
    })
}
