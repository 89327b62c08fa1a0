"""The recipes that heads are trained with, by name."""

from dataclasses import replace

from harness.errors import InputError
from harness.tasks.recipe import Recipe

# The kept part's weights are good already: a head's first rates would shake them.
_QUICK = Recipe("quick", 20, 64, ((0, 5e-3), (10, 1e-3), (16, 2e-4)), unfrozen_rate=0.6)
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
        # Long training on inputs that never come twice, all of it towards what the unpruned network answers:
        # Beyer et al., "Knowledge distillation: A good teacher is patient and consistent" (2022).
        Recipe(
            "taught",
            60,
            64,
            ((0, 5e-3), (30, 2e-3), (45, 7e-4), (54, 2e-4)),
            unfrozen_rate=0.6,
            head_epochs=10,
            augmented_copies=1,
            distillation=1.0,
            matching=0.3,
            blending=1.0,
            averaging=0.98,
        ),
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
