"""`fit` learns each kind of target, with resume and meter, on each backend."""

from on_each_backend import on_each_backend, result_on


@on_each_backend
def test_each_kind_of_target_is_learnt_and_a_run_that_is_cut_off_goes_on(backend):
    assert result_on(backend, "train_with_targets.py") == {}
