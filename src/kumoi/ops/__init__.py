"""The operator's programs: demo, doctor, lab, chaos, bench, image build.

They talk to a cloud, or to the machine, from outside; no room but cmd knows them.
"""
