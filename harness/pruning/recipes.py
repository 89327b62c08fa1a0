"""The recipes that heads are trained with, by name."""

from harness.errors import InputError
from harness.tasks.recipe import Recipe

RECIPES = {
    recipe.name: recipe
    for recipe in (
        # Epochs, batch and rates of De Leon & Atienza's keyword-spotting runs, made for a training
        # set some twenty times the size of ours.
        Recipe("paper-kws", 30, 100, ((0, 5e-4), (12, 1e-4), (24, 2e-5))),
        Recipe("quick", 20, 64, ((0, 5e-3), (10, 1e-3), (16, 2e-4))),
    )
}

DEFAULT_RECIPE = "quick"


def load_recipe(name: str = DEFAULT_RECIPE) -> Recipe:
    """The recipe called `name`.

    Raises:
        InputError: There is no such recipe.
    """
    if name not in RECIPES:
        raise InputError(f"unknown recipe {name!r}; known recipes: {', '.join(RECIPES)}")
    return RECIPES[name]
