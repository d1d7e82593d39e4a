// Counts the scripts that run and the violations of the page's policy.
window.ran = 0;
window.violations = [];
window.streamopsRan = () => window.ran++;
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.effectiveDirective));
