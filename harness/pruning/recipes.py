"""The recipes that heads are trained with, by name."""

from dataclasses import replace

from harness.errors import InputError
from harness.tasks.recipe import Recipe

# The kept part's weights are good already: a head's first rates would shake them.
_QUICK = Recipe("quick", 20, 64, ((0, 5e-3), (10, 1e-3), (16, 2e-4)), unfrozen_rate=0.2)
_AUGMENTED = replace(_QUICK, name="quick-augmented", augmented_copies=3, patience=8)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        # Epochs, batch, rates and augmentation of De Leon & Atienza's runs, made for training sets
        # some twenty and a hundred times the size of ours.
        Recipe("paper-kws", 30, 100, ((0, 5e-4), (12, 1e-4), (24, 2e-5))),
        Recipe("paper-vww", 50, 32, ((0, 1e-3), (20, 5e-4), (30, 2.5e-4)), augmented_copies=3),
        _QUICK,
        _AUGMENTED,
        replace(_AUGMENTED, name="quick-distilled", distillation=0.5),
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
