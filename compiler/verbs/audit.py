"""A blinded sheet of rollouts that a judge has judged, and how far people agree with it once the form is filled in."""

import argparse
from pathlib import Path

from compiler.verbs import common


def arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `simkiln audit`."""
    common.study_argument(parser)
    parser.add_argument("--items", type=int, default=40, metavar="N", help="rollouts on the sheet (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="of the lot that chooses and orders them (default: 0)")
    parser.add_argument("--out", default="audits", metavar="DIR", help="folder to write to (default: audits)")
    parser.add_argument("--verdicts", metavar="FILE.csv", help="the form, filled in; with --key")
    parser.add_argument("--key", metavar="FILE.key.json", help="the key of its sheet")
    common.root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the sheet is written, or the verdicts are kept."""
    from compiler.trials import audit

    if (args.verdicts is None) != (args.key is None):
        raise ValueError("`--verdicts` and `--key` go together")
    if args.items < 1 or args.seed < 0:
        raise ValueError("`--items` is a number from 1, `--seed` one from 0")
    project, plan = common.planned(args)
    if args.verdicts:
        from runtime.bound.audit import FOLDER
        from runtime.stats.inference.kappa import kappa

        found = audit.read(Path(args.verdicts), Path(args.key), args.study)
        (project.root / FOLDER).mkdir(exist_ok=True)
        common.write(project.root / FOLDER / f"{args.study}.json", found.model_dump_json(indent=1) + "\n")
        said = kappa([score >= 0.5 for score in found.scores], found.verdicts, project.studies[args.study].level)
        unclear = f", {found.unclear} unclear" if found.unclear else ""
        if said.n:
            print(f"judge and people agree about {said.agree:.0%} of {said.n} rollouts{unclear}")
        if not said.n:
            print(f"nothing to compare: people could not tell any of {found.unclear} rollouts")
        elif said.value is None:
            print("kappa is undefined: one side always said the same")
        else:
            print(f"Cohen's kappa {said.value:.2f} [{said.low:.2f}, {said.high:.2f}]")
        print(f"kept in {FOLDER}/{args.study}.json: the study's report shows it once it is built again")
        return 0
    asked = " / ".join(dict.fromkeys(project.tasks[task].instruction for task in project.studies[args.study].tasks))
    drawn = audit.draw(list(audit.judged(project, plan.graph)), args.items, args.seed)
    page, form, key = audit.write(Path(args.out), args.study, args.seed, drawn, asked)
    print(f"{len(drawn)} rollouts\n  {page}  to look at\n  {form}  to fill in\n  {key}  what they are: not for whoever judges")
    print(f"then: simkiln audit {args.study} --verdicts {form} --key {key}")
    return 0
