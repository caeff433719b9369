"""Whatever meets, `fit` trains on the right pictures with the right labels, on each backend."""

from on_each_backend import on_each_backend, result_on


@on_each_backend
def test_in_situations_that_a_seed_draws_training_sees_what_it_should(backend):
    assert result_on(backend, "train_in_situations.py") == {}
