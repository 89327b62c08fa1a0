"""`harness completion`."""

import rich_click as click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands and options in SHELL.

    \b
    Examples:
      harness completion bash > ~/.local/share/bash-completion/completions/harness
      harness completion zsh > ~/.zfunc/_harness
      harness completion fish > ~/.config/fish/completions/harness.fish
    """
    from click.shell_completion import get_completion_class

    from harness.errors import InputError

    found = get_completion_class(shell)
    assert found is not None
    try:
        script = found(context.find_root().command, {}, "harness", "_HARNESS_COMPLETE").source()
    except RuntimeError as error:  # bash says its version, which is asked for
        raise InputError(f"no completion for {shell}: {error}") from error
    click.echo(script)
