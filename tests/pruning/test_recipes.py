"""Recipes: their names, their rates, and what decides that a network is trained anew."""

from dataclasses import replace

import pytest

from harness.errors import InputError
from harness.pruning import RECIPES, load_recipe
from harness.tasks.recipe import Recipe

RECIPE = Recipe("test", epochs=6, batch_size=20, learning_rates=((0, 1e-2), (4, 1e-3)))


def test_recipe_fingerprint_depends_on_all_that_decides_the_weights() -> None:
    variants = [
        RECIPE,
        replace(RECIPE, epochs=7),
        replace(RECIPE, batch_size=21),
        replace(RECIPE, learning_rates=((0, 1e-2),)),
        replace(RECIPE, unfrozen_rate=0.5),
        replace(RECIPE, patience=3),
        replace(RECIPE, augmented_copies=1),
        replace(RECIPE, head_epochs=3),
        replace(RECIPE, distillation=0.5),
        replace(RECIPE, distillation=1.0),
        replace(RECIPE, distillation=1.0, blending=1.0),
        replace(RECIPE, distillation=1.0, matching=0.5),
        replace(RECIPE, temperature=4.0),
        replace(RECIPE, averaging=0.5),
    ]
    assert len({recipe.fingerprint() for recipe in variants}) == len(variants)
    # A name given to the same recipe decides nothing.
    assert replace(RECIPE, name="renamed").fingerprint() == RECIPE.fingerprint()


def test_the_papers_recipe_has_its_rates() -> None:
    paper = load_recipe("paper-kws")
    assert (paper.epochs, paper.batch_size) == (30, 100)
    assert [paper.learning_rate(epoch) for epoch in (0, 11, 12, 23, 24, 29)] == [
        5e-4, 5e-4, 1e-4, 1e-4, 2e-5, 2e-5,
    ]  # fmt: skip


def test_recipes_by_name() -> None:
    assert load_recipe() is RECIPES["quick"]
    with pytest.raises(InputError, match="unknown recipe 'fast'; known recipes: paper-kws, paper-vww, quick"):
        load_recipe("fast")


def test_rates_fall_with_what_a_network_knows() -> None:
    rates = ((0, 1e-2), (4, 1e-3))
    recipe = replace(RECIPE, learning_rates=rates, unfrozen_rate=0.6)
    for found, factor in ((recipe.head_first(), 1.0), (recipe.unfrozen(), 0.6), (recipe.whole(), 0.2)):
        assert [found.learning_rate(epoch) for epoch in (0, 4)] == pytest.approx(
            [factor * rate for _, rate in rates]
        )


def test_blends_have_no_class() -> None:
    with pytest.raises(ValueError, match="no class"):
        replace(RECIPE, distillation=0.5, blending=1.0)


def test_feature_maps_are_matched_beside_a_teacher() -> None:
    with pytest.raises(ValueError, match="need distillation"):
        replace(RECIPE, matching=0.3)
