# SPDX-License-Identifier: Apache-2.0
# The tests of the Kubernetes client start the test API server themselves.
check-integration check-programs: $(O)/kubesim
