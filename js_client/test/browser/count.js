// Counts the scripts that run, and what the page's policy refuses.
window.ran = 0;
window.violations = [];
window.streamopsRan = () => window.ran++;
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.effectiveDirective));
