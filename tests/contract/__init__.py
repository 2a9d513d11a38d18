"""
The contract, sentence by sentence: what ``docs/contract/verdict.md`` says, asked of the real engine.

``docs/contract-tests.md`` lists which test answers for which sentence, and the sentences that have none.
"""
