"""Which granted hours will not be used, and who could be given them?"""

from pages.shared import parts, reclaim_parts, visit

reclaim_parts.section(visit.now())
parts.sources(method="a forecast of use")
