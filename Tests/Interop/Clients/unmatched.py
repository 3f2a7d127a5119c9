"""A test that passes although its fault never had an effect: the plugin reports it."""


def test_a_fault_of_another_function(iii):
    iii.faults.add("drop_result", function_id="orders::chrage")
    assert iii.clock.now()["manual"] is False
